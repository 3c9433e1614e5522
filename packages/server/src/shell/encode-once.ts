import type { FrameData } from '@parley/shared/internal'

/** Encodes a frame once, where it goes to one client after the other. */
export function encodeOnce<Form>(encode: (data: FrameData) => Form): (data: FrameData) => Form {
  let last: { readonly data: FrameData; readonly form: Form } | undefined
  return (data) => {
    if (last?.data !== data) last = { data, form: encode(data) }
    return last.form
  }
}
