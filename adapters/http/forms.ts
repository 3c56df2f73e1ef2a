/** POST of a form: each of its files becomes an upload of the intake; what is not a file is dropped. */
import { isLeft, left, right } from 'fp-ts/lib/Either.js';
import { type Decision, refusal } from '../../domain/failure.ts';
import type { Upload } from '../../domain/intake.ts';
import { plainFileName } from '../../domain/path.ts';
import { bodyOf } from './body.ts';
import { type Check, checkOf } from './digests.ts';
import { type Exchange, header, type Outcome } from './exchange.ts';
import { type Html, html } from './html.ts';
import { BadForm, boundaryIn, fileNameIn, piecesOf } from './multipart.ts';
import { json, problem, type Reply, refused } from './replies.ts';
import { homePath, transferPath } from './target.ts';
import { finish, objectionTo, standing, type Told } from './uploads.ts';

type File = { readonly path: string; readonly upload: Upload; readonly check: Check };

const mostParts = 100;
const mostFiles = 20;

/** Is the body a form? */
export const isForm = (exchange: Pick<Exchange, 'request'>): boolean =>
  /^multipart\/form-data[ \t]*(;|$)/i.test(header(exchange, 'content-type') ?? '');

/** Takes a form. The files become ours when all of them are here, in their order; the answer tells of each. */
export const post = async (exchange: Exchange): Outcome => {
  const objection = await objectionTo(exchange, exchange.target.name);
  if (objection !== undefined) return objection;
  const boundary = boundaryIn(header(exchange, 'content-type') ?? '');
  if (boundary === undefined) return problem(400, 'the Content-Type of the form names no boundary');
  const check = checkOf(['content-digest', 'repr-digest'].map((name) => header(exchange, name)));
  if (isLeft(check)) return refused(check.left);
  const files: File[] = [];
  try {
    exchange.proceed();
    const read = await readForm(exchange, boundary, check.right, files);
    return isLeft(read) ? refused(read.left) : await deliver(exchange, files);
  } catch (error) {
    if (error instanceof BadForm) return problem(400, `the form is not understood: ${error.message}`);
    throw error;
  } finally {
    for (const { upload } of files) await upload.abandon();
  }
};

const readForm = async (exchange: Exchange, boundary: string, check: Check, files: File[]): Promise<Decision<void>> => {
  const { request, context, settings } = exchange;
  const body = counted(bodyOf(request, context.clock, settings.idleTimeout), check);
  let [parts, isFile] = [0, false];
  for await (const piece of piecesOf(body, boundary)) {
    const file = files.at(-1);
    if (piece.kind === 'part') {
      parts += 1;
      if (parts > mostParts) throw new BadForm(`it has more than ${mostParts} parts`);
      const begun = await begin(exchange, piece.headers, files);
      if (isLeft(begun)) return begun;
      isFile = begun.right;
    } else if (piece.kind === 'bytes' && isFile && file !== undefined) {
      file.check.take(piece.bytes);
      const written = await file.upload.write(file.upload.size, piece.bytes)();
      if (isLeft(written)) return written;
    }
  }
  const objection = check.objection();
  return objection === undefined ? right(undefined) : left(objection);
};

async function* counted(body: AsyncIterable<Buffer>, check: Check): AsyncGenerator<Buffer, void> {
  for await (const chunk of body) {
    check.take(chunk);
    yield chunk;
  }
}

/** Begins a part; answers whether it is a file. */
const begin = async (
  exchange: Exchange,
  headers: ReadonlyMap<string, string>,
  files: File[],
): Promise<Decision<boolean>> => {
  const { session, target } = exchange;
  const named = fileNameIn(headers);
  // A form whose file field was left empty sends a part without a name.
  if (named === undefined || named === '') return right(false);
  if (files.length >= mostFiles) throw new BadForm(`it has more than ${mostFiles} files`);
  if (target.kind === 'file' && files.length > 0) throw new BadForm('it has several files, but the URL names one');
  const why = target.kind === 'file' ? undefined : plainFileName(named);
  if (why !== undefined) return left(refusal('badName', `a file of the form: ${why}`));
  const path = target.kind === 'file' ? target.name : `${target.name === '/' ? '' : target.name}/${named}`;
  if (files.some((each) => each.path === path)) throw new BadForm('two of its files have one name');
  const check = checkOf([headers.get('content-digest')]);
  if (isLeft(check)) return check;
  const key = header(exchange, 'idempotency-key');
  // Each file is a transfer of its own, so each has a key of its own.
  const requestKey = key === undefined ? undefined : `${key} ${files.length}`;
  const upload = await session.upload(path, { requestKey })();
  if (isLeft(upload)) return upload;
  files.push({ path, upload: upload.right, check: check.right });
  return right(true);
};

const deliver = async (exchange: Exchange, files: readonly File[]): Promise<Reply> => {
  if (files.length === 0) return problem(400, 'the form holds no file');
  const transfers: Told[] = [];
  for (const { path, upload, check } of files) {
    const taken = await finish(upload, check);
    if (isLeft(taken)) return refused(taken.left);
    transfers.push(await standing(exchange, path, upload.size, taken.right));
  }
  return json(201, { transfers }, {}, { title: 'Delivered', content: content(exchange, transfers) });
};

const content = ({ session, target }: Exchange, transfers: readonly Told[]): Html => {
  const item = ({ transfer, name, size }: Told): Html => {
    const told = transfer === null ? '' : html`: <a href="${transferPath(session.channel, transfer)}">${transfer}</a>`;
    return html`<li>${name}, ${size} bytes${told}</li>\n`;
  };
  const back = homePath(session.channel, target.name.slice(0, target.name.lastIndexOf('/') + 1));
  const here = target.kind === 'file' || target.name === '/' ? back : `${homePath(session.channel, target.name)}/`;
  return html`<p>They are on our disk:</p>
<ul>
${transfers.map(item)}</ul>
<p><a href="${here}">Back to the files</a></p>`;
};
