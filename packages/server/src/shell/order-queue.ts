/**
 * Orders that are carried out one by one: what an order leads to at once comes after it, not inside it, because a row of
 * messages may be as long as the limits say.
 */
export class OrderQueue<Order> {
  readonly #carryOut: (order: Order) => boolean
  readonly #waiting: Order[] = []
  #isRunning = false

  /** @param carryOut Carries one out; tells whether others may follow. */
  constructor(carryOut: (order: Order) => boolean) {
    this.#carryOut = carryOut
  }

  run(orders: readonly Order[]): void {
    for (const order of orders) this.#waiting.push(order)
    if (this.#isRunning) return
    this.#isRunning = true
    try {
      for (let at = 0; at < this.#waiting.length; at++) if (!this.#carryOut(this.#waiting[at]!)) return
    } finally {
      this.#waiting.length = 0
      this.#isRunning = false
    }
  }
}
