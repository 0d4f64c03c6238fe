/** Words parted by underscores, as databases and GraphQL's enums have them. */

/** `userId` as `user_id`. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
