/** Something secret that may be another one the next time it is asked for. */
export interface Secret<T> {
  readonly current: T;
}
