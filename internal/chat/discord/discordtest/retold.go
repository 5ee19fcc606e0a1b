package discordtest

// What a bot sends is told back with more in it: types, numbers, defaults.

// finished are embeds as they are told back.
func finished(embeds list) list {
	for _, v := range embeds {
		e, ok := noNulls(v).(object)
		if !ok {
			continue
		}
		e["type"] = "rich"
		fields, _ := e["fields"].(list)
		for _, f := range fields {
			if f := f.(object); f["inline"] == nil {
				f["inline"] = false
			}
		}
	}
	return embeds
}

// built are components as they are told back: each has a number.
func built(components list) list {
	next := 0.0
	walkComponents(components, func(c object) {
		next++
		if c["id"] == nil || c["id"] == 0.0 {
			c["id"] = next
		}
		preset(c)
	})
	return components
}

// presets are what components have if nothing else is said, by type.
var presets = map[float64]object{
	10: {},
	14: {"spacing": 1, "divider": true},
	17: {"accent_color": nil, "spoiler": false},
}

func preset(c object) {
	for k, v := range c {
		if v == nil {
			delete(c, k)
		}
	}
	kind, _ := c["type"].(float64)
	for k, v := range presets[kind] {
		if _, ok := c[k]; !ok {
			c[k] = v
		}
	}
}
