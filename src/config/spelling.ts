/** How many edits away a name may be that is taken for a misspelt one. */
const MAX_EDITS = 2;

/**
 * The name that a misspelt one most likely stands for: at most two edits away, and fewer in a short name.
 * @returns undefined where none is near, and for a name that is one of them
 */
export function nearestName(text: string, names: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let fewest = MAX_EDITS + 1;
  for (const name of names) {
    const edits = editsBetween(text, name);
    if (edits < fewest && edits <= allowedEdits(name)) [nearest, fewest] = [name, edits];
  }
  return fewest === 0 ? undefined : nearest;
}

/** Two edits turn one short word into any other. */
function allowedEdits({ length }: string): number {
  return length < 5 ? 1 : MAX_EDITS;
}

/**
 * How many letters have to be added, taken away, replaced or swapped with their neighbour to make one text of the other
 * (the optimal string alignment distance).
 */
export function editsBetween(one: string, other: string): number {
  let beforeLast: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let row = 1; row <= one.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= other.length; column += 1) {
      const isSame = one[row - 1] === other[column - 1];
      const isSwapped = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      current.push(
        Math.min(
          (last[column] ?? 0) + 1,
          (current[column - 1] ?? 0) + 1,
          (last[column - 1] ?? 0) + (isSame ? 0 : 1),
          isSwapped && row > 1 && column > 1 ? (beforeLast[column - 2] ?? 0) + 1 : Infinity,
        ),
      );
    }
    [beforeLast, last] = [last, current];
  }
  return last[other.length] ?? 0;
}
