function sentence([first, second, ...others]: readonly string[]): string {
  if (first === undefined) return ''
  if (second === undefined) return `${first} is typing`
  return others.length === 0 ? `${first} and ${second} are typing` : 'Several people are typing'
}

/** Always there, so that nothing moves when somebody begins to type. */
export function TypingLine({ names }: { readonly names: readonly string[] }) {
  const text = sentence(names)
  return (
    <p className="typing" aria-live="polite">
      {text}
      {text !== '' && (
        <span className="dots" aria-hidden="true">
          <i />
          <i />
          <i />
        </span>
      )}
    </p>
  )
}
