/** Events in words for people. */
import { reportWords } from '../mail-report.ts';
import type { Creation, EventData, Target, TransferEvent } from './vocabulary.ts';

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** A number of bytes as people read it: `12 B`, `1.5 MiB`. */
export const sizeWords = (bytes: number): string => {
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  return `${power === 0 ? bytes : (bytes / 1024 ** power).toFixed(1)} ${units[power] ?? 'B'}`;
};

/** What a person would want to know of an event beside its name; empty where there is nothing. Not yet safe for a terminal. */
export const eventWords = (event: TransferEvent): string => {
  switch (event.type) {
    case 'received':
      return [
        ...[sizeWords(event.data.payload.size), 'by', event.data.protocol, ...from(event.data.by)],
        ...checkWords(event.data.mail),
      ].join(' ');
    case 'created':
      return createdWords(event.data);
    case 'forwarded':
      return event.data.inline ? 'the payload came along' : 'the payload is to be fetched';
    case 'fetched':
      return sizeWords(event.data.payload.size);
    case 'matched':
      return `profile ${event.data.profile}`;
    case 'stepDone':
      return stepWords(event.data);
    case 'processed':
      return partsWords(event.data.parts);
    case 'sent':
      return event.data.final;
    case 'stepFailed':
      return `${event.data.step}: ${event.data.text}`;
    case 'held':
      return event.data.reason;
    case 'released':
    case 'retried':
    case 'abandoned':
      return [event.data.reason, ...(event.data.by?.login === undefined ? [] : ['by', event.data.by.login])].join(' ');
    case 'repeated':
      return ['the partner had not heard the OK', ...from(event.data.by)].join(' ');
    case 'reported':
      return reportWords(event.data.recipients);
    case 'viewChanged':
      return event.data.path === null ? 'removed by the partner' : event.data.path;
    case 'placed':
      return `as ${event.data.temporary}`;
    case 'provided':
      return event.data.path;
    case 'pickedUp':
      return ['by', event.data.protocol, ...from(event.data.by)].join(' ');
    case 'requested':
    case 'staged':
    case 'expired':
    case 'acknowledged':
    case 'prepared':
    case 'confirmed':
    case 'purged':
      return '';
  }
};

const checkWords = ({ spf, dkim = [] }: EventData<'received'>['mail'] & object = {}): readonly string[] => [
  ...(spf === undefined ? [] : [`spf ${spf.result} (${spf.domain})`]),
  ...dkim.map(({ result, domain }) => `dkim ${result} (${domain})`),
];

const createdWords = (data: Creation): string =>
  [
    ...('source' in data ? [`from ${data.source.path}`] : 'target' in data ? [targetWords(data.target)] : []),
    ...(data.scenario === 'processPart' && data.parent ? [`part ${data.parent.index} of ${data.parent.transfer}`] : []),
    ...(data.again === undefined ? [] : [`again what was ${data.again}`]),
    ...(data.by?.login === undefined ? [] : ['by', data.by.login]),
  ].join(' ');

const targetWords = ({ kind, directory }: Target): string =>
  `for ${{ file: directory, partner: `${directory} at the partner`, home: `${directory} in the partner's home` }[kind]}`;

const stepWords = ({ index, step, payload, name, parts }: EventData<'stepDone'>): string =>
  [
    `${index + 1}: ${step}`,
    ...(payload ? [sizeWords(payload.size)] : []),
    ...(name === undefined ? [] : [name]),
    ...(parts === undefined ? [] : [partsWords(parts)]),
  ].join(' ');

const mostShown = 10;

/** The transfers of a mail's parts: the first few. */
export const partsWords = (parts: readonly string[] | undefined): string => {
  if (parts === undefined) return '';
  const more = parts.length > mostShown ? [`and ${parts.length - mostShown} more`] : [];
  return parts.length === 0 ? 'into nothing' : ['into', ...parts.slice(0, mostShown), ...more].join(' ');
};

const from = ({ login, address }: { readonly login?: string | undefined; readonly address?: string | undefined }) =>
  login === undefined ? [] : ['from', address === undefined ? login : `${login}@${address}`];
