const quote = 34
const backslash = 92
const openBracket = 91
const closeBracket = 93
const openBrace = 123
const closeBrace = 125

/**
 * Whether JSON text nests deeper than `limit`, found by a scan before parsing: a parser that recurses would be
 * the first victim of the text. Text that is not JSON may give either answer; the parser refuses it next.
 */
export function isDeeperThan(text: string, limit: number): boolean {
  if (text.length <= limit) return false
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case quote:
        // to the end of the string, over escaped characters
        for (i++; i < text.length && text.charCodeAt(i) !== quote; i++)
          if (text.charCodeAt(i) === backslash) i++
        break
      case openBracket:
      case openBrace:
        if (++depth > limit) return true
        break
      case closeBracket:
      case closeBrace:
        depth--
    }
  }
  return false
}
