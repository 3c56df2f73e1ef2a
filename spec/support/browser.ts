/** A browser that a person would use: Debian's Chromium, without a window. */
import { type BrowserContext, chromium, type Page } from 'playwright-core';

const quiet = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'];
const silent = ['--disable-background-networking', '--disable-component-update'];

/** Opens a page as somebody with this login, does something with it, and closes the browser. */
export const browsing = async <A>(
  credentials: { readonly username: string; readonly password: string } | undefined,
  act: (page: Page, context: BrowserContext) => Promise<A>,
): Promise<A> => {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: [...quiet, ...silent] });
  try {
    const login = credentials === undefined ? {} : { httpCredentials: credentials };
    const context = await browser.newContext({ ignoreHTTPSErrors: true, ...login });
    return await act(await context.newPage(), context);
  } finally {
    await browser.close();
  }
};
