/** Values of a lake file whose contents do not matter to the test. */
const emptySha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

export function lakeFile(filename: string) {
  return { filename, size: 0, sha256: emptySha256 };
}
