/** What authorises a request to the provider, in the two forms that a provider may want. */
export interface Credential {
  /** The variable the operator's key comes from, itself or by the file that it names; undefined for a credential that the caller sent. */
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

/** A credential from an `Authorization` header, which stays as it is. */
export function authorizationCredential(authorization: string): Credential {
  return { variable: undefined, authorization, token: BEARER.exec(authorization)?.[1] };
}
