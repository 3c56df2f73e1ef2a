/** Verbs that set how things are done: representation, options, and where the data connection goes. */
import { isIPv4, isIPv6 } from 'node:net';
import { reply } from '../shared/replies.ts';
import { extendedTarget, portTarget, sameAddress, sixNumbers, type Target } from './addresses.ts';
import { active, type DataChannel, passive } from './data.ts';
import type { Dialogue } from './dialogue.ts';
import { answered, takeData, type Verb } from './dialogue.ts';
import { knownFacts } from './formats.ts';
import { common, listing, type Reply } from './replies.ts';

/** Bytes go as they are, whatever the type: converting line ends has spoilt more files than it has helped. */
const type: Verb['run'] = (_, argument) => {
  if (/^(A( N)?|I|L 8)$/i.test(argument)) return reply(200, 'Noted; bytes go as they are.');
  return /^(E|A|L)\b/i.test(argument) ? reply(504, 'There are TYPE A, TYPE I and TYPE L 8.') : common.badArgument;
};

const restart: Verb['run'] = (dialogue, argument) => {
  const position = /^\d{1,16}$/.test(argument) ? Number(argument) : Number.NaN;
  if (!Number.isSafeInteger(position)) return common.badArgument;
  dialogue.restart = position;
  return reply(350, `The next transfer begins at byte ${position}.`);
};

/** No space is set aside; but a sender that tells the size can be known to have come to its end. 202 would make lftp stop telling. */
const allocate: Verb['run'] = (dialogue, argument) => {
  const size = /^\d{1,15}$/.exec(argument)?.[0];
  const announced = size === undefined ? undefined : Number(size);
  dialogue.announced = undefined;
  return answered(dialogue, dialogue.session().wouldTake(announced ?? 0), () => {
    dialogue.announced = announced;
    return reply(200, 'Noted.');
  });
};

const options: Verb['run'] = (dialogue, argument) => {
  const [option = '', ...rest] = argument.split(' ');
  const value = rest.join(' ');
  if (/^UTF-?8$/i.test(option))
    return /^(ON)?$/i.test(value) ? reply(200, 'Names are UTF-8, always.') : reply(504, 'Names are UTF-8, always.');
  if (!/^MLST$/i.test(option)) return common.badArgument;
  const wanted = value.toLowerCase().split(';');
  dialogue.facts = knownFacts.filter((fact) => wanted.includes(fact));
  return reply(200, `MLST OPTS ${dialogue.facts.map((fact) => `${fact};`).join('')}`);
};

/** What is not in RFC 959 (RFC 2389, section 3). */
const features: Verb['run'] = ({ settings, facts, tls }) =>
  listing(211, 'Features:', [
    ...(tls === undefined ? [] : [' AUTH TLS', ' PBSZ', ' PROT']),
    ...(settings.active ? [' EPRT'] : []),
    ' EPSV',
    ' LANG EN*',
    ' MDTM',
    ' MFMT',
    ` MLST ${knownFacts.map((fact) => `${fact}${facts.includes(fact) ? '*' : ''};`).join('')}`,
    ' REST STREAM',
    ' SIZE',
    ' TVFS',
    ' UTF8',
  ]);

const language: Verb['run'] = (_, argument) =>
  /^(en(-.*)?)?$/i.test(argument) ? reply(200, 'English it is.') : reply(504, 'There is English only.');

const agree = (dialogue: Dialogue, channel: DataChannel): void => {
  dialogue.data = channel;
  // Nobody may take up a connection that nobody waits for any more.
  if (dialogue.isGone()) takeData(dialogue)?.close();
};

const listen = async (dialogue: Dialogue, answer: (port: number) => Reply): Promise<Reply> => {
  takeData(dialogue)?.close();
  const opened = await passive(dialogue.pool, dialogue.localAddress, dialogue.address, dialogue.context.clock);
  if (opened === undefined) {
    dialogue.context.log.warn('ftp has no free port for a data connection', { address: dialogue.address });
    return reply(425, 'No port is free for a data connection; try again later.');
  }
  agree(dialogue, opened);
  return answer(opened.port);
};

const only = reply(503, 'After EPSV ALL there is only EPSV.');

const passiveOld: Verb['run'] = (dialogue) => {
  const host = dialogue.settings.passiveHost ?? dialogue.localAddress;
  if (dialogue.extendedOnly) return only;
  return isIPv4(host) && isIPv4(dialogue.address)
    ? listen(dialogue, (port) => ({ code: 227, text: `Entering Passive Mode (${sixNumbers(host, port)}).` }))
    : reply(425, 'PASV is for IPv4; use EPSV.');
};

const passiveExtended: Verb['run'] = (dialogue, argument) => {
  if (/^ALL$/i.test(argument)) {
    dialogue.extendedOnly = true;
    return reply(200, 'Only EPSV from now on.');
  }
  const family = isIPv6(dialogue.localAddress) ? '2' : '1';
  if (argument !== '' && argument !== family) return reply(522, `Network protocol not supported, use (${family})`);
  return listen(dialogue, (port) => ({ code: 229, text: `Entering Extended Passive Mode (|||${port}|)` }));
};

/** Connecting to whoever a client names would let it attack others through us (RFC 2577, section 3). */
const towards = (dialogue: Dialogue, target: Target | undefined): Reply => {
  if (dialogue.extendedOnly) return only;
  if (!dialogue.settings.active) return reply(502, 'Active mode is off here; use EPSV or PASV.');
  if (target === undefined) return common.badArgument;
  if (target.port < 1024 || target.port > 65_535 || !sameAddress(target.host, dialogue.address))
    return reply(504, 'Only to your own address, and to ports from 1024 on.');
  takeData(dialogue)?.close();
  agree(dialogue, active(dialogue.address, target.port, dialogue.context.clock));
  return reply(200, 'Noted.');
};

/** The transfer itself was told to end as soon as the command came in, and has answered 426. */
const abort: Verb['run'] = (dialogue) => {
  takeData(dialogue)?.close();
  return reply(226, 'No transfer runs any more.');
};

export const parameterVerbs: Readonly<Record<string, Verb>> = {
  TYPE: { syntax: '{{cmd}} <A|I|L 8>', description: 'Accepted; bytes go as they are', run: type },
  ALLO: { syntax: '{{cmd}} <bytes>', description: 'Announce the size of the next upload', run: allocate },
  REST: { syntax: '{{cmd}} <byte>', description: 'Begin the next transfer at a byte', run: restart },
  OPTS: { syntax: '{{cmd}} <UTF8 ON|MLST facts>', description: 'Choose options', free: true, run: options },
  FEAT: { syntax: '{{cmd}}', description: 'List the extensions', free: true, run: features },
  LANG: { syntax: '{{cmd}} [<language>]', description: 'Choose the language of replies', free: true, run: language },
  CLNT: {
    syntax: '{{cmd}} <name>',
    description: 'Tell the name of the client',
    free: true,
    run: () => reply(200, 'Noted.'),
  },
  HOST: {
    syntax: '{{cmd}} <name>',
    description: 'There are no virtual hosts',
    free: true,
    run: () => reply(504, 'There are no virtual hosts here.'),
  },
  PASV: { syntax: '{{cmd}}', description: 'Open a port for a data connection over IPv4', run: passiveOld },
  EPSV: { syntax: '{{cmd}} [<family|ALL>]', description: 'Open a port for a data connection', run: passiveExtended },
  PORT: {
    syntax: '{{cmd}} <h1,h2,h3,h4,p1,p2>',
    description: 'Tell where to open a data connection to',
    run: (dialogue, argument) => towards(dialogue, portTarget(argument)),
  },
  EPRT: {
    syntax: '{{cmd}} <|family|address|port|>',
    description: 'Tell where to open a data connection to',
    run: (dialogue, argument) => towards(dialogue, extendedTarget(argument)),
  },
  ABOR: { syntax: '{{cmd}}', description: 'Abort the transfer', run: abort },
};
