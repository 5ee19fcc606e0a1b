package lang

// Said are the words that a test looks at: by each key what German says, for one
// and for any other number where that differs.
func Said() map[string][]string {
	said := map[string][]string{}
	for _, table := range german {
		for key, words := range table {
			said[key] = append(said[key], words)
		}
	}
	for key, words := range germanCounts {
		said[key] = append(said[key], words[:]...)
	}
	return said
}

// One is what English says of one.
func One() map[string]string { return english }
