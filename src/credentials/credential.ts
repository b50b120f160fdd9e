/** A credential for the provider, in the two forms that providers take. */
export interface Credential {
  /** The variable that is set, `…_FILE` for a key from a file; undefined for a caller's credential. */
  readonly variable: string | undefined;
  /** The whole value of an `Authorization` header. */
  readonly authorization: string;
  /** The token of the Bearer scheme; undefined for any other scheme. */
  readonly token: string | undefined;
}

const BEARER = /^bearer\s+(\S.*)$/i;

/** A credential from an API key. */
export function keyCredential(key: string, variable?: string): Credential {
  return { variable, authorization: `Bearer ${key}`, token: key };
}

/** A credential from an `Authorization` header, whose value is sent unchanged. */
export function authorizationCredential(authorization: string): Credential {
  return { variable: undefined, authorization, token: BEARER.exec(authorization)?.[1] };
}
