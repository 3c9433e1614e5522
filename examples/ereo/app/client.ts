/** The script of every page: it wakes the islands that the page has. */
import { initClient } from '@ereo/client'
import './islands/chat-room.js'
import './islands/feed.js'
import './islands/stats-board.js'

initClient()
