import stringWidth from 'string-width'

/** Aligned as editors do it, a Chinese character taking two columns. */
export function markdownTable([header, ...rows]: readonly (readonly string[])[]): string {
  const widths = header!.map((_, n) => Math.max(3, ...[header!, ...rows].map(row => stringWidth(row[n]!))))
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, n) => cell + ' '.repeat(widths[n]! - stringWidth(cell))).join(' | ')} |`
  return [line(header!), line(widths.map(width => '-'.repeat(width))), ...rows.map(line)].join('\n')
}
