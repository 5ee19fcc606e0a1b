package discussion

import "strings"

// words compiles alternatives that a sentence begins with as whole words.
func words(alternatives ...string) *expression {
	return express(`^(?:` + strings.Join(alternatives, "|") + `)(?:\W|$)`)
}

// anywhere compiles alternatives that stand anywhere, or where they say.
func anywhere(alternatives ...string) *expression {
	return express(strings.Join(alternatives, "|"))
}

const (
	admiring = `(great|excellent|good|nice|lovely|wonderful|beautiful|fantastic|fascinating|amazing|awesome|brilliant|` +
		`superb|interesting|thoughtful|helpful|useful|insightful|impressive|fun|solid|cool|important|terrific)`
	writing = `(post|essay|article|piece|read|write-?up|work|stuff|comment|points?|question|pictures|analysis|argument|` +
		`idea|summary|example|overview|list|job)`
	made = `(point|argument|comparison|analogy|distinction|claim|framing|objection|example|view|position|perspective|` +
		`concern|story|anecdote|question|numbers?)`
)

// The patterns of the signals, for sentences in lower case.
var (
	// connective ties a line to the one before it.
	connective = words(
		`however|for (instance|example)|that (said|being said|is,)|to make this|another (way|thing|reason|example)`,
		`overall|also|besides|furthermore|moreover|in addition|additionally|similarly|likewise|instead|thus`,
		`therefore|hence|consequently|as a result|of course`,
		`in (particular|short|sum|summary|general|fact|other words|this|that|these|those|which case)|specifically`,
		`more (generally|precisely|broadly)|conversely|on the (other|one) hand|otherwise|nevertheless|nonetheless`,
		`still|then|finally|lastly|meanwhile|admittedly|granted|at the same time|even (so|if|then)|and|but|or|so`,
		`because|if so|after (that|which)|with (all of )?that|to be (clear|fair|sure)|to put|what i mean`,
		`by (this|that)|indeed|by the same|under (this|that|these)|given (this|that|these)|there (are|were) also`,
		`part of (it|this)|suppose|consider|imagine|perhaps|maybe|more importantly|put differently|plus|yet|rather`,
		`either way|in my (defence|defense|case)|an alternative`,
	)

	// pointsBack begins with what stands for something said before.
	pointsBack = words(
		`this|that|these|those|it|it's|they|he|she|his|her|their|its|such|here|there|both|neither|none|each|all of`,
		`one of (them|these|those)|some of (them|these)`,
		`the (former|latter|same|other|others|result|reason|trick|point|problem|difference|question|answer|upshot|effect|idea)`,
	)

	// pronoun begins with one who was named before.
	pronoun = words(`it|it's|they|they're|he|he's|she|she's|his|her|their|its|them|him`)

	// circumstance begins with when, where or under what condition.
	circumstance = words(`when|whenever|once|after|before|while|in|on|at|by|for|from|under|if|to|with|without|during|since|until|as`)

	// advice begins by telling somebody what to do.
	advice = words(`(do not|don't|never|always|just|please) [a-z]+|try|get|take|use|add|read|leave|keep|put|stop|start|learn|buy|ask|check|look|see|make|give|go|let`)

	// ofSelf begins with who speaks.
	ofSelf = words(`i|i'm|i've|i'd|i'll|we|we're|we've|my|our|mine|me`)

	// countsOn goes on with a series.
	countsOn = words(
		`first(ly)?|second(ly)?|third(ly)?|fourth|two (things|reasons|points)|three (things|reasons|points)`,
		`some (further|other|more|additional)|one (thing|more|other|further|reason)`,
		`the (first|second|third|last|next|final|interesting|mistake|moment|week|real|only)`,
		`my (second|other|last|third)`,
	)

	// goesOn begins as the second paragraph of a story does.
	goesOn = words(
		`we|he|she|they|you (can|could|have|would|might|may)|everything|nobody|no one|everybody|everyone|when`,
		`whenever|once|after|before|while|in|on|at|by|for|from|under|if|take|keep|most|mostly|sometimes`,
		`i (still|should|grant|also|recognise|recognize|notice|used|guess|remember|do not|did|would)`,
	)

	// afterthought was put below a comment later.
	afterthought = words(`edit(ed)?|eta|update|p\.?s|postscript|addendum|note|tl;?dr|\(?also|\(?edit`)

	// announces promises more.
	announces = anywhere(`\b(below|following|as follows|two reasons|three reasons|a few (thoughts|points|things|reasons)|several (reasons|points))\b`)

	// praise is how one thanks or praises a writer.
	praise = anywhere(
		`^\W*((this|that) (is|was) |what )?(an? )?((really|very|truly|such an?|so) )?`+admiring+`\b.{0,40}\b`+writing+`\b`,
		`^\W*thank(s| you)`,
		`^\W*(i )?((really|very much|thoroughly|quite|also) )?(enjoyed|loved?|liked?|appreciated?) (this|the|your|that|how)`,
		`^\W*lots of `+admiring,
		`^\W*((strong(ly)? )?upvot|kudos|congrat|bravo|finally some|so good|love it|wow\b|subscribed|bookmarked)`,
		`^\W*well (said|put|done|written)`,
		`^\W*this (essay|post|article|piece|comment) (is|was) `+admiring,
	)

	// stance takes a side in what was said.
	stance = words(
		`agreed|agree`,
		`(i )?((strongly|completely|totally|fully|mostly|somewhat|largely|basically) )?(agree|disagree|sympathi[sz]e|object|concur)`,
		`i('d| would) (push back|dispute|quibble)|i (want|wanted|have) to (push back|defend|object|disagree)`,
		`i('m| am) (not (convinced|sure|persuaded)|skeptical|sceptical|surprised|unconvinced|confused|sorry)`,
		`i find myself|disagree|exactly|precisely|yes|yeah|yep|no|nope|true|fair|right|sure|ok|okay|ha|haha|hah`,
		`lol|hmm+|huh|oh|ouch|ah|interesting|same|seconded|counterpoint|counter-?argument|absolutely|definitely`,
		`correct|indeed|not (really|quite|sure|true)|you('re| are) (right|wrong|probably)|ditto|this\.|fwiw|imo`,
		`imho|fyi|well|good (point|question|catch)|hard (agree|disagree)|strong(ly)? (agree|disagree)|to be honest`,
		`honestly|personally|actually|sorry|because|did not|didn't`,
	)

	// ofText speaks of the text that is commented.
	ofText = anywhere(
		`\b(th(is|e|at)|your|an?|[a-z']+ly) (([a-z-]+) )?(post|essay|article|piece|linkpost|author|op|blog ?post|write-?up)\b`,
		`\b(section|paragraph|chapter|part|footnote|chart|figure|appendix|table)s? (\d|on|in|of|two|three|four)`,
		`\bthe (first|second|third|fourth|middle|last) (section|paragraph|part)\b|\bthe section\b`,
	)

	// toWriter speaks to whoever wrote it.
	toWriter = anywhere(
		`\byou (say|said|write|wrote|mention|describe|quote|claim|argue|suggest|seem|use|raise|don't|did|are|were)\b`,
		`\byou (think|might|may|treat|call|give|have|hint|just)\b`,
		`\b(you've|you're|your|do you|did you|have you|would you|could you|are you)\b`,
	)

	// pointer points at a point somebody made, or repeats words of theirs.
	pointer = anywhere(
		`^.{0,60}\b(this|that|the|your) (([a-z-]+) ){1,2}`+made+`\b`,
		`^"[^"]+"|^“[^”]+”`,
	)

	// asks begins a question.
	asks = words(
		`how|what|why|who|which|where|when|is|are|was|were|do|does|did|has|have|had|can|could|would|will|should`,
		`any|anyone|curious|wait|so|but|and|isn't|aren't|doesn't|don't|didn't|wouldn't|couldn't`,
	)

	// askedSomeone is a question put to somebody.
	askedSomeone = anywhere(`\b(you|your|anyone|anybody|someone|somebody)\b[^.!?]*\?`)

	// opinion is how one says what one thinks.
	opinion = words(
		`(i|we) (really |just |also |personally |do |don't |do not |would |still )?`+
			`(think|suspect|believe|wonder|doubt|worry|expect|predict|feel|guess|find|read)`,
		`my (own )?(guess|understanding|impression|take|sense|view|hunch|worry|theory|experience)|it seems to me`,
		`as far as i`,
	)

	// ofOneself begins a story of one's own.
	ofOneself = words(`(i|we)('ve| have| had| was| were| used to| did| tried| grew| spent| made| wrote| posted| wasted| failed| moved)`)

	// credentials says who speaks, or brings something from elsewhere.
	credentials = words(
		`as (a|an|someone|somebody)|speaking as|my own`,
		`my (grand)?(mother|father|family|wife|husband|former|colleague)`,
		`i (teach|work|worked|was|am|coach|run|grew|live|used to|did|have been)|not the author|here is|here's`,
		`a (small|minor|quick|detail|colleague|friend)|has (anyone|anybody|the)|does (anyone|anybody)`,
		`can (someone|anyone)|there is an|you may|you might`,
	)

	// corrects announces a small correction or note.
	corrects = anywhere(`^((a |one |two |some )?(small|minor|quick|tiny|slight|brief)? ?(typo|nit|nitpick|correction|quibble|caution|caveat|addition|note|question|thought|comment|suggestion|detail|complaint|counterpoint)s?\b)`)

	// closing is how comments end.
	closing = anywhere(`\b(thoughts|curious|happy to|hope (this|that|it)|would love|i'd love|glad (of|to)|link it here|thank(s| you)|cheers|let me know|welcome|sorry)\b`)

	// verdict says how good or true something is.
	verdict = anywhere(`^(this|that|these|it|the)\b.{0,30}( is|'s| was| seems| sounds| proves| makes| looks)\b.{0,24}\b` +
		`(right|wrong|true|false|fair|excellent|good|great|perfect|remarkable|fascinating|useful|best|interesting|odd|` +
		`strange|cynical|nonsense|brilliant|hilarious|impressive|surprising)\b`)

	// saying announces a quotation, where a colon follows.
	saying = anywhere(
		`\b(quot(e|es|ed|ing)|says?|said|writes?|wrote|written|puts? it|states|stated|asserts|argues|claims|has this)\b`,
		`\b(passage|paragraph|definition|old (line|argument|saying)|a line|along the lines)\b`,
	)

	// replyOpener begins an answer to another comment.
	replyOpener = words(
		`agreed|exactly|yes|yeah|yep|no|nope|true|fair|right|same|seconded|ditto|this\.|that('s| is| seems| sounds)`,
		`you('re| are) (right|wrong)|good (point|question)|strongly agree|because|ha|ouch`,
		`thank you,? (that|for this|for writing this)`,
	)
)
