/** A secret that may change: read `current` at each use. */
export interface Secret<T> {
  readonly current: T;
}
