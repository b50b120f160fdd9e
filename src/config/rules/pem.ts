import { IsOptional } from 'class-validator';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { combine, defineRule } from './define-rule.js';
import { fileRule } from './secrets.js';
import type { SecretForm } from './secrets.js';
import { readSecretFileSync } from '../read-secret-file.js';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** One or more certificates: a chain, or the authorities that are trusted. */
export const CERTIFICATES_FORM: SecretForm<string> = {
  description: 'certificates in PEM format',
  // The bundle of a system has more than 200 kB.
  maxBytes: 2_097_152,
  parse: (text) => {
    const certificates = text.match(CERTIFICATE) ?? [];
    return certificates.length > 0 && certificates.every(isCertificate) ? text : undefined;
  },
};

/** A private key. One with a password would have to stand beside its password. */
export const PRIVATE_KEY_FORM: SecretForm<string> = {
  description: 'a private key in PEM format, without a password',
  parse: (text) => (isPrivateKey(text) ? text : undefined),
};

/** The path of a file in PEM format. */
export function IsPemFile(form: SecretForm<string>): PropertyDecorator {
  return combine(
    IsOptional(),
    defineRule('isPemFile', fileRule(form), (path) => contentOf(path, form) !== undefined),
  );
}

/** A variable that has no use without another one. */
export function IsSetTogetherWith(other: string): PropertyDecorator {
  return defineRule('isSetTogether', `must be set together with ${other}`, (_value, variables) => {
    return variables[other] !== undefined;
  });
}

/** The file of the key that belongs to the first certificate in the file of another variable. */
export function IsKeyOf(other: string): PropertyDecorator {
  return combine(
    IsSetTogetherWith(other),
    defineRule('isKeyOf', `must be the key of the certificate in ${other}`, (path, variables) => {
      const key = contentOf(path, PRIVATE_KEY_FORM);
      const certificate = contentOf(variables[other], CERTIFICATES_FORM);
      // Of what is missing, another rule speaks.
      return key === undefined || certificate === undefined || belongTogether(certificate, key);
    }),
  );
}

/** Whether a private key is that of the first certificate of a text. */
export function belongTogether(certificates: string, key: string): boolean {
  return new X509Certificate(certificates).checkPrivateKey(createPrivateKey(key));
}

function contentOf(path: unknown, { parse, maxBytes }: SecretForm<string>): string | undefined {
  const text = typeof path === 'string' ? readSecretFileSync(path, maxBytes) : undefined;
  return text === undefined ? undefined : parse(text);
}

function isCertificate(text: string): boolean {
  try {
    return new X509Certificate(text).raw.length > 0;
  } catch {
    return false;
  }
}

function isPrivateKey(text: string): boolean {
  try {
    return createPrivateKey(text).type === 'private';
  } catch {
    return false;
  }
}
