/** A variable that names a file, and the path in it; undefined when it is not set. */
export interface FileVariable {
  readonly variable: string;
  readonly path: string | undefined;
}

/** The files with certificates for connections. */
export interface TlsFiles {
  /** What is trusted. */
  readonly authorities: FileVariable;
  /** The client certificate, and its key. */
  readonly certificate: FileVariable;
  readonly key: FileVariable;
}
