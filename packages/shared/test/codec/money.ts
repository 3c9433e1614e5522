/** A type of an application's own, and the superjson instance that both of its sides are given. */
import { SuperJSON } from 'superjson'

export class Money {
  readonly cents: number

  constructor(cents: number) {
    this.cents = cents
  }
}

export const knowsMoney = new SuperJSON()
knowsMoney.registerCustom<Money, number>(
  {
    isApplicable: (value) => value instanceof Money,
    serialize: ({ cents }) => cents,
    deserialize: (cents) => new Money(cents),
  },
  'money',
)
