/** Computes a value once for each object, and keeps it as long as the object lives. */
export function memoize<K extends object, V>(compute: (key: K) => V): (key: K) => V {
  const entries = new WeakMap<K, { readonly value: V }>();
  return (key) => {
    let entry = entries.get(key);
    if (entry === undefined) {
      entry = { value: compute(key) };
      entries.set(key, entry);
    }
    return entry.value;
  };
}
