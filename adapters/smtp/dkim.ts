/** DKIM (RFC 6376; 8301, 8463): what a domain has signed of a mail, and whether it is still so. */
import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { AuthResult } from '../../domain/mail.ts';
import { type BodyHash, bodyHash, type Canonicalization } from './dkim-body.ts';
import { type Dns, isDomain, NoAnswer } from './dns.ts';

/** What became of a signature. */
export type Signature = { readonly result: AuthResult; readonly domain: string; readonly selector: string };

/** Looks at the signatures of a mail as it goes by. */
export type DkimCheck = {
  readonly body: (bytes: Buffer) => void;
  readonly end: (dns: Dns) => Promise<readonly Signature[]>;
};

/** More are not looked at: each is a question to the DNS. */
const mostSignatures = 5;
const smallestKey = 1024;

type Tags = ReadonlyMap<string, string>;
type Begun = { readonly field: string; readonly tags: Tags; readonly problem: AuthResult | undefined };

/** Begins with the whole header, its empty line excluded. `now` is in milliseconds. */
export const checkDkim = (header: Buffer, now: number): DkimCheck => {
  const fields = header
    .toString('latin1')
    .replace(/(\r\n)+$/, '')
    .split(/\r\n(?![ \t])/);
  const signatures = fields
    .filter((field) => nameOf(field) === 'dkim-signature')
    .slice(0, mostSignatures)
    .map((field): Begun => {
      const tags = tagsOf(field.slice(field.indexOf(':') + 1));
      return {
        field,
        tags: tags ?? new Map<string, string>(),
        problem: tags === undefined ? 'permerror' : objection(tags, now),
      };
    });
  const hashes = new Map<Canonicalization, BodyHash>();
  for (const { tags, problem } of signatures)
    if (problem === undefined && !hashes.has(bodyWay(tags))) hashes.set(bodyWay(tags), bodyHash(bodyWay(tags)));
  return {
    body: (bytes) => {
      for (const hash of hashes.values()) hash.give(bytes);
    },
    end: async (dns) => {
      const bodies = new Map([...hashes].map(([how, hash]) => [how, hash.end()]));
      return Promise.all(
        signatures.map(async ({ field, tags, problem }) => ({
          result: problem ?? (await judge(dns, fields, field, tags, bodies.get(bodyWay(tags)) ?? '')),
          domain: (tags.get('d') ?? '').slice(0, 253),
          selector: (tags.get('s') ?? '').slice(0, 253),
        })),
      );
    },
  };
};

/** Blanks are space and tab alone; those within become one. */
const withoutBlanks = (text: string): string => text.replace(/[ \t]+/g, ' ').replace(/^ | $/g, '');

const nameOf = (field: string): string => withoutBlanks(field.slice(0, Math.max(0, field.indexOf(':')))).toLowerCase();

/** `a=b; c=d` (section 3.2); undefined where it is none, or names something twice. */
const tagsOf = (text: string): Tags | undefined => {
  const tags = new Map<string, string>();
  for (const each of text.split(';')) {
    if (each.trim() === '') continue;
    const [, name = '', value = ''] = /^\s*([A-Za-z][A-Za-z0-9_]*)\s*=([\s\S]*)$/.exec(each) ?? [];
    if (name === '' || tags.has(name)) return undefined;
    tags.set(name, value.trim());
  }
  return tags;
};

const bare = (text: string | undefined): string => (text ?? '').replace(/\s+/g, '');
const ways = (tags: Tags): readonly string[] => (tags.get('c') ?? 'simple/simple').toLowerCase().split('/');
const isWay = (text: string | undefined): boolean => text === 'simple' || text === 'relaxed' || text === undefined;
const headerWay = (tags: Tags): Canonicalization => (ways(tags)[0] === 'relaxed' ? 'relaxed' : 'simple');
const bodyWay = (tags: Tags): Canonicalization => (ways(tags)[1] === 'relaxed' ? 'relaxed' : 'simple');
const signedNames = (tags: Tags): readonly string[] => bare(tags.get('h')).toLowerCase().split(':');

/** What is wrong with a signature before anything is compared. */
const objection = (tags: Tags, now: number): AuthResult | undefined => {
  const [domain, selector, identity] = [tags.get('d') ?? '', tags.get('s') ?? '', tags.get('i')];
  const below =
    identity === undefined ||
    `.${identity.slice(identity.lastIndexOf('@') + 1)}`.toLowerCase().endsWith(`.${domain.toLowerCase()}`);
  const whole = ['a', 'b', 'bh', 'd', 'h', 's'].every((name) => (tags.get(name) ?? '') !== '') && tags.get('v') === '1';
  if (!whole || !below || !isDomain(domain) || !isDomain(`${selector}._domainkey.${domain}`)) return 'permerror';
  if (!signedNames(tags).includes('from') || !ways(tags).every(isWay) || ways(tags).length > 2) return 'permerror';
  const until = tags.get('x');
  if (until !== undefined && (!/^\d{1,12}$/.test(until) || Number(until) * 1000 < now)) return 'fail';
  // What is signed in part only, or by a hash that can be forged, proves nothing.
  if (tags.has('l') || tags.get('a') === 'rsa-sha1') return 'policy';
  return ['rsa-sha256', 'ed25519-sha256'].includes(tags.get('a') ?? '') ? undefined : 'permerror';
};

const judge = async (
  dns: Dns,
  fields: readonly string[],
  field: string,
  tags: Tags,
  body: string,
): Promise<AuthResult> => {
  if (bare(tags.get('bh')) !== body) return 'fail';
  try {
    const key = await publicKey(dns, tags);
    if (typeof key === 'string') return key;
    const signed = Buffer.from(headerText(fields, field, tags), 'latin1');
    const signature = Buffer.from(bare(tags.get('b')), 'base64');
    const [algorithm, data] =
      key.asymmetricKeyType === 'rsa' ? ['sha256', signed] : [null, createHash('sha256').update(signed).digest()];
    return verify(algorithm, data, key, signature) ? (covers(fields, tags) ? 'pass' : 'policy') : 'fail';
  } catch (error) {
    if (error instanceof NoAnswer) return 'temperror';
    return 'permerror';
  }
};

/** What readers go by; of fields with the same name they may take any. */
const decisive = ['subject', 'date', 'message-id', 'mime-version', 'content-type', 'content-transfer-encoding'];

/** Is all of the header signed that says whose mail it is, and how it is read? */
const covers = (fields: readonly string[], tags: Tags): boolean => {
  const [there, signed] = [fields.map(nameOf), signedNames(tags)];
  const times = (names: readonly string[], name: string): number => names.filter((each) => each === name).length;
  return (
    times(there, 'from') === 1 &&
    decisive.every((name) => {
      const count = times(there, name);
      return (count < 2 && !name.startsWith('content-')) || times(signed, name) >= count;
    })
  );
};

/** The key that the domain shows (section 3.6), or why there is none that counts. */
const publicKey = async (dns: Dns, tags: Tags): Promise<KeyObject | AuthResult> => {
  const kind = (tags.get('a') ?? '').split('-')[0] ?? '';
  const texts = await dns.texts(`${tags.get('s') ?? ''}._domainkey.${tags.get('d') ?? ''}`);
  const shown = texts.length === 1 ? tagsOf(texts[0] ?? '') : undefined;
  if (shown === undefined || (shown.get('v') ?? 'DKIM1') !== 'DKIM1') return 'permerror';
  if ((shown.get('k') ?? 'rsa') !== kind) return 'permerror';
  if (shown.has('h') && !bare(shown.get('h')).split(':').includes('sha256')) return 'permerror';
  if (
    shown.has('s') &&
    !bare(shown.get('s'))
      .toLowerCase()
      .split(':')
      .some((each) => each === '*' || each === 'email')
  )
    return 'permerror';
  // The domain only tries it out: such a signature is to be taken for none.
  if (bare(shown.get('t')).split(':').includes('y')) return 'policy';
  const identity = tags.get('i');
  const strict = bare(shown.get('t')).split(':').includes('s') && identity !== undefined;
  if (strict && identity.slice(identity.lastIndexOf('@') + 1).toLowerCase() !== tags.get('d')?.toLowerCase())
    return 'permerror';
  const bytes = Buffer.from(bare(shown.get('p')), 'base64');
  if (bytes.length === 0) return 'permerror';
  const der = kind === 'ed25519' ? Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), bytes]) : bytes;
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
  if (key.asymmetricKeyType !== kind) return 'permerror';
  return kind === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) < smallestKey ? 'policy' : key;
};

/** What is signed of the header (section 3.7): each name takes the lowest field that is left of it. */
const headerText = (fields: readonly string[], signature: string, tags: Tags): string => {
  const left = new Map<string, string[]>();
  for (const field of fields) {
    const name = nameOf(field);
    const same = left.get(name);
    if (same === undefined) left.set(name, [field]);
    else same.push(field);
  }
  const how = headerWay(tags);
  const lines = signedNames(tags).flatMap((name) => {
    const field = left.get(name)?.pop();
    return field === undefined ? [] : [`${canonical(field, how)}\r\n`];
  });
  // Without its own value.
  const own = signature.replace(/([:;]\s*b\s*=)[^;]*/, '$1');
  return lines.join('') + canonical(own, how);
};

const canonical = (field: string, how: Canonicalization): string => {
  if (how === 'simple') return field;
  const at = field.indexOf(':');
  return `${nameOf(field)}:${withoutBlanks(field.slice(at + 1).replace(/\r\n/g, ''))}`;
};
