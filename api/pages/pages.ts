import { readFileSync } from 'node:fs'
import { assetUrl } from '../../core/installation.ts'
import type { Api } from '../guard.ts'

const read = (name: string) => readFileSync(assetUrl(`api/pages/${name}`), 'utf8')

/** A page may only load its own script and style, and use its own API. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

const files = [
  { urls: ['/', '/invite'], type: 'text/html; charset=utf-8', text: read('page.html') },
  // The target of links in messages.
  { urls: ['/alerts/:id'], type: 'text/html; charset=utf-8', text: read('alert.html') },
  ...[
    'page.js',
    'ask.js',
    'language.js',
    'tables.js',
    'texts.js',
    'alert.js',
    'alert-view.js',
    'alert-texts.js',
  ].map(name => ({
    urls: [`/${name}`],
    type: 'text/javascript; charset=utf-8',
    text: read(name),
  })),
  { urls: ['/page.css'], type: 'text/css; charset=utf-8', text: read('page.css') },
  // Browsers ask for the second if no page names an icon.
  { urls: ['/icon.svg', '/favicon.ico'], type: 'image/svg+xml', text: read('icon.svg') },
]

/** Pages to sign in, accept an invitation, see the account and its data, and read an alert. */
export function addPages(app: Api): void {
  for (const { urls, type, text } of files) {
    for (const url of urls) {
      app.get(url, { config: { needs: 'nothing', isPage: true } }, async (_, reply) =>
        reply.header('content-security-policy', policy).type(type).send(text),
      )
    }
  }
}
