/** First of all imports: zod must not probe for `eval`, which the page's policy forbids and the console would show. */
import { z } from 'zod'

z.config({ jitless: true })
