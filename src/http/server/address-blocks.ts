/** Blocks of addresses, such as those of proxies that are believed. */
import { BlockList, isIP } from 'node:net';

/** @param blocks addresses, or blocks of them as `10.0.0.0/8`; checked before. */
export function blocksOf(blocks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const block of blocks) {
    const [address = '', bits] = block.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}

/** Whether an address is in one of the blocks. */
export function holds(blocks: BlockList, address: string): boolean {
  const plain = plainAddress(address);
  return blocks.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4');
}

/** Node tells addresses of version 4 on sockets of version 6 as such of version 6. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}
