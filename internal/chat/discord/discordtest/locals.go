package discordtest

import (
	"fmt"
	"unicode/utf8"
)

// checkLocals holds what a command, its options and their choices are called in
// other languages to the limits of what they are called: most for names that may
// hold spaces.
func (s *Server) checkLocals(r *request, body object, most int) *apiError {
	for _, of := range []string{"name", "description"} {
		all, _ := body[of+"_localizations"].(object)
		for locale, v := range all {
			text, ok := v.(string)
			long := most
			if of == "description" {
				long = 100
			}
			if n := utf8.RuneCountInString(text); !ok || n < 1 || n > long || !locales[locale] {
				return s.broken(r, form(of+"_localizations."+locale, "BASE_TYPE_BAD_LENGTH", fmt.Sprintf("Must be between 1 and %d in length.", long)))
			}
		}
	}
	for _, of := range []string{"options", "choices"} {
		inner, _ := body[of].(list)
		for _, v := range inner {
			if o, ok := v.(object); ok {
				if e := s.checkLocals(r, o, 100); e != nil {
					return e
				}
			}
		}
	}
	return nil
}

// locales are some of those that Discord has.
var locales = map[string]bool{"de": true, "en-GB": true, "en-US": true, "fr": true, "es-ES": true}

// unlocal is a command, or a part of one, without what it is called in other
// languages: who lists commands is told that only if they ask for it.
func unlocal(v any) any {
	switch v := v.(type) {
	case list:
		out := list{}
		for _, e := range v {
			out = append(out, unlocal(e))
		}
		return out
	case object:
		out := object{}
		for k, e := range v {
			if k != "name_localizations" && k != "description_localizations" {
				out[k] = unlocal(e)
			}
		}
		return out
	}
	return v
}

// more is by how much the longest of what something is called in other languages is
// longer than what it is called.
func more(all object, words any) (n int) {
	text, _ := words.(string)
	for _, v := range all {
		if other, ok := v.(string); ok {
			n = max(n, utf8.RuneCountInString(other)-utf8.RuneCountInString(text))
		}
	}
	return n
}
