public import ReleaseService

extension Words {
    /// The words of letters: the same to everybody.
    public var letters: LetterWords {
        LetterWords(
            subject: self("mail.subject"), notice: self("mail.notice"), link: self("mail.link"),
            changed: self("mail.changed"),
            confirm: self("mail.confirm"), number: self("notices.number"))
    }
}
