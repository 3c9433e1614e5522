import { createSubscriber } from '@parley/client'
import { contract } from './contract.js'

const list = document.querySelector('ol')!
const status = document.querySelector('output')!

const weather = createSubscriber(contract, 'weather', { url: '/api/weather' })

weather.on(
  'reading',
  ({ station, celsius, at }) => {
    const row = document.createElement('li')
    row.textContent = `${at.toLocaleTimeString()}  ${station}: ${celsius.toFixed(1)} °C` // `at` is a Date here, too
    list.prepend(row)
  },
  { from: { last: 10 } },
)

const show = () => {
  status.value = weather.status.getSnapshot().status
}
weather.status.subscribe(show)
show()
