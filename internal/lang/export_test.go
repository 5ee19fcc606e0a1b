package lang

// Said are the words that a test looks at: by each key what is said, for one
// and for any other number where that differs.
func Said(l Language) map[string][]string {
	said := map[string][]string{}
	for _, t := range tongues {
		if t.Language != l {
			continue
		}
		for _, table := range t.words {
			for key, words := range table {
				said[key] = append(said[key], words)
			}
		}
		for key, words := range t.counts {
			said[key] = append(said[key], words[:]...)
		}
	}
	return said
}

// One is what English says of one.
func One() map[string]string { return english }
