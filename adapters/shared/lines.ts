/** The lines of a text that comes in pieces. Split by hand, since a line without end must not fill the memory: beyond `longest` characters it throws. */
export async function* lines(chunks: AsyncIterable<unknown>, longest: number): AsyncGenerator<string, void, undefined> {
  let rest = '';
  for await (const chunk of chunks) {
    const parts = `${rest}${String(chunk)}`.split('\n');
    rest = parts.pop() ?? '';
    if (rest.length > longest) throw new Error(`a line has more than ${longest} characters`);
    yield* parts;
  }
  if (rest !== '') yield rest;
}
