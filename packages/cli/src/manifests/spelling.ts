/**
 * The name that was probably meant, or `undefined` when none is near.
 * @param most - Slips allowed; by default one for every three characters, at most 3.
 */
export function nearestName(
  written: string,
  names: Iterable<string>,
  most: number = Math.min(3, Math.ceil(written.length / 3)),
): string | undefined {
  if (written.length > 64) return undefined;
  let nearest: string | undefined;
  let best = most + 1;
  for (const name of names) {
    if (name.toLowerCase() === written.toLowerCase()) return name;
    const distance = editDistance(written.toLowerCase(), name.toLowerCase());
    if (distance < best) [nearest, best] = [name, distance];
  }
  return nearest;
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(replaced, last[j]! + 1, row[j - 1]! + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        row[j] = Math.min(row[j]!, beforeLast[j - 2]! + 1);
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length]!;
}
