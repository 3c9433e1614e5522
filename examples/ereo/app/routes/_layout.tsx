import type { ReactNode } from 'react'

export default function Layout({ children }: { readonly children?: ReactNode }) {
  return (
    <html lang="en">
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>Parley in EreoJS</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/assets/style.css" />
      </head>
      <body>
        <header className="top">
          <h1>Parley in EreoJS</h1>
          <nav aria-label="Pages">
            <a href="/">Start</a> <a href="/dashboard">Dashboard</a> <a href="/chat">Chat</a>
          </nav>
        </header>
        <main>{children}</main>
      </body>
    </html>
  )
}
