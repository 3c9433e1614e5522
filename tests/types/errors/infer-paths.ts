import type { InferEvent, InferMessage, InferOutput, InferYield } from '@parley/shared'
import type { contract } from '../contract.js'

type Contract = typeof contract

export type Path = InferEvent<Contract, 'rom', 'message'>
export type Event = InferEvent<Contract, 'room', 'mesage'>
export type Kind = InferEvent<Contract, 'rooms.list', 'message'>
export type Message = InferMessage<Contract, 'room', 'sya'>
export type Call = InferOutput<Contract, 'rooms.crate'>
export type Stream = InferYield<Contract, 'room'>
