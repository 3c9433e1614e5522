import { useEffect, useState } from 'react'

const stepMs = 100

/**
 * The seconds that are left of a delay, down to 0.
 *
 * @param since The delay begins anew whenever this is another object.
 */
export function useCountdown(since: object, delayMs: number): number {
  const [left, setLeft] = useState({ since, ms: delayMs })
  useEffect(() => {
    setLeft({ since, ms: delayMs })
    if (delayMs === 0) return
    const end = Date.now() + delayMs
    const timer = setInterval(() => setLeft({ since, ms: Math.max(0, end - Date.now()) }), stepMs)
    return () => clearInterval(timer)
  }, [since, delayMs])
  return (left.since === since ? left.ms : delayMs) / 1_000
}
