/** A text in Base32 (RFC 4648, section 6), without padding. */
export function base32(text: string): string {
  const bits = [...Buffer.from(text)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{5}/g) ?? [])
    .map((each) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.charAt(parseInt(each, 2)))
    .join('');
}

/** A text backwards. */
export function reversed(text: string): string {
  return Array.from(text).reverse().join('');
}
