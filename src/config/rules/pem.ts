import { IsOptional } from 'class-validator';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { readSecretFileSync } from '../read-secret-file.js';
import { combine, defineRule } from './define-rule.js';
import { fileRule } from './secrets.js';
import type { SecretForm } from './secrets.js';

const CERTIFICATE = /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[^-]+-----END (?:TRUSTED )?CERTIFICATE-----/g;
/** The bundles of Linux distributions take a quarter of this. */
const MAX_BYTES = 1_048_576;

/** One or more certificates, in PEM form (RFC 7468); what stands between them is ignored. */
export const CERTIFICATES_FORM: SecretForm<string> = {
  description: 'certificates in PEM form',
  maxBytes: MAX_BYTES,
  parse: (text) => {
    const certificates = text.match(CERTIFICATE) ?? [];
    return certificates.length > 0 && certificates.every(isCertificate) ? certificates.join('\n') : undefined;
  },
  mistake: (text) =>
    text.includes('PRIVATE KEY-----') && !text.includes('CERTIFICATE-----') ? 'holds a key' : undefined,
};

/** A private key in PEM form, not encrypted. */
export const PRIVATE_KEY_FORM: SecretForm<string> = {
  description: 'a private key in PEM form that needs no password',
  parse: (text) => (isPrivateKey(text) ? text : undefined),
  mistake: (text) => (text.includes('ENCRYPTED') ? 'is encrypted' : undefined),
};

/** The rule that marks the variables of PEM files. */
export const PEM_FILE_RULE = 'isPemFile';

/** The path of a file with certificates. */
export function IsCertificatesFile(): PropertyDecorator {
  return IsPemFile(CERTIFICATES_FORM);
}

/** The path of a file with a client certificate; the `_CERT_FILE` of a `_KEY_FILE`. */
export function IsClientCertificateFile(): PropertyDecorator {
  return combine(IsPemFile(CERTIFICATES_FORM), IsSetWith('_CERT_FILE', '_KEY_FILE', CERTIFICATES_FORM));
}

/** The path of a file with the key of a client certificate; the `_KEY_FILE` of a `_CERT_FILE`. */
export function IsClientKeyFile(): PropertyDecorator {
  return combine(
    IsPemFile(PRIVATE_KEY_FORM),
    IsSetWith('_KEY_FILE', '_CERT_FILE', PRIVATE_KEY_FORM),
    IsKeyOfCertificate(),
  );
}

function IsPemFile(form: SecretForm<unknown>): PropertyDecorator {
  return combine(
    IsOptional(),
    defineRule(
      PEM_FILE_RULE,
      (path) => fileRule(form, readSecretFileSync(String(path), form.maxBytes)),
      (path) => holds(path, form),
    ),
  );
}

function holds(path: unknown, form: SecretForm<unknown>): boolean {
  const text = readSecretFileSync(String(path), form.maxBytes);
  return text !== undefined && form.parse(text) !== undefined;
}

/** A file that the other rules refuse passes, so that a problem is named once. */
function IsSetWith(suffix: string, otherSuffix: string, form: SecretForm<unknown>): PropertyDecorator {
  return (target, key) => {
    const other = String(key).replace(suffix, otherSuffix);
    defineRule(
      'isSetWith',
      `must be set together with ${other}`,
      (path, variables) => variables[other] !== undefined || !holds(path, form),
    )(target, key);
  };
}

/** A file that the other rules refuse passes, so that a problem is named once. */
function IsKeyOfCertificate(): PropertyDecorator {
  return (target, key) => {
    const other = String(key).replace('_KEY_FILE', '_CERT_FILE');
    defineRule(
      'isKeyOfCertificate',
      `must hold the key of the certificate in ${other}`,
      (path, variables) => {
        const privateKey = readSecretFileSync(String(path));
        const certificates = readSecretFileSync(String(variables[other]), MAX_BYTES);
        if (privateKey === undefined || certificates === undefined || !isPrivateKey(privateKey)) return true;
        const chain = CERTIFICATES_FORM.parse(certificates);
        return chain === undefined || belongTogether(chain, privateKey);
      },
    )(target, key);
  };
}

/** Whether a private key is that of the first certificate of a text, and TLS takes both: OpenSSL refuses short keys. */
export function belongTogether(certificates: string, key: string): boolean {
  try {
    createSecureContext({ cert: certificates, key });
    return true;
  } catch {
    return false;
  }
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
