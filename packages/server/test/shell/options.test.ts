import { channel, defineContract, ParleyError } from '@parley/shared'
import { limits } from '@parley/shared/internal'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { createEmitter, createHub } from '../../src/index.js'
import { checkLimits, checkOrigins } from '../../src/shell/options.js'

const contract = defineContract({ news: channel({ events: { item: z.object({}) } }) })

test('a limit that is left out, or undefined, has its default', () => {
  expect(checkLimits({ callMs: 5, helloMs: undefined as never })).toEqual({ ...limits, callMs: 5 })
})

test.each([
  [{ callMs: Number.NaN }, /'callMs' must be a number above 0 .* is NaN/],
  [{ callMs: 0 }, /'callMs'/],
  [{ callMs: 2 ** 31 }, /'callMs' .* up to 2147483647/],
  [{ queuedBytes: '1' }, /'queuedBytes'/],
  [{ queuedByte: 1 }, /no limit 'queuedByte'; there are frameBytes, /],
])('the limits %o are refused on the spot, by hub and emitter', (given, message) => {
  const options = { limits: given as never }
  expect(() => createHub(contract, options)).toThrow(message)
  expect(() => createEmitter(contract, 'news', options)).toThrow(message)
})

test.each([
  'https://app.example.com/',
  'https://App.example.com',
  'app.example.com',
  'https://a.com:443',
  'null',
  '',
])('an allowed origin that no browser sends is refused on the spot: %j', (origin) => {
  const options = { allowedOrigins: [origin] }
  expect(() => createHub(contract, options)).toThrow(ParleyError)
  expect(() => createEmitter(contract, 'news', options)).toThrow(/as 'https:\/\/app.example.com'/)
})

test('an emitter whose options were refused is not remembered', () => {
  expect(() => createEmitter(contract, 'news', { allowedOrigins: ['x'] })).toThrow()
  createEmitter(contract, 'news', { allowedOrigins: ['https://x.example'] }).close()
})

test('origins of every kind of page are taken as they are', () => {
  const origins = [
    '*',
    'http://localhost:5173',
    'https://[::1]:8080',
    'capacitor://localhost',
    'chrome-extension://abc',
  ]
  expect(checkOrigins(origins)).toEqual(origins)
})
