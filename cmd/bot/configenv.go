package main

import (
	"encoding"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// envPrefix begins every name in the environment: key token of [matrix] is
// MARGINALIA_MATRIX_TOKEN.
const envPrefix = "MARGINALIA_"

// setting is one key of a single table.
type setting struct {
	table, key string
	field      reflect.StructField
	index      []int
}

func (s setting) env() string {
	return envPrefix + strings.ToUpper(s.table+"_"+s.key)
}

// settings lists every key that stands in a single table, in order: all but
// those of [[rooms]] and [[plans]].
func settings() []setting {
	var all []setting
	root := reflect.TypeFor[Config]()
	for i := range root.NumField() {
		table := root.Field(i)
		t := table.Type
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct || !table.IsExported() {
			continue
		}
		for j := range t.NumField() {
			f := t.Field(j)
			all = append(all, setting{table.Tag.Get("toml"), f.Tag.Get("toml"), f, []int{i, j}})
		}
	}
	return all
}

// applyEnv lays what the environment says over c. A name that belongs to one
// of our tables but to none of its keys is refused, for it is a slip.
func applyEnv(c *Config, environ []string) error {
	given := map[string]string{}
	for _, e := range environ {
		if name, value, _ := strings.Cut(e, "="); strings.HasPrefix(name, envPrefix) {
			given[name] = value
		}
	}
	var known []string
	for _, s := range settings() {
		known = append(known, s.env())
		value, ok := given[s.env()]
		if !ok {
			continue
		}
		table := reflect.ValueOf(c).Elem().Field(s.index[0])
		if table.Kind() == reflect.Pointer {
			if table.IsNil() {
				table.Set(reflect.New(table.Type().Elem()))
			}
			table = table.Elem()
		}
		if err := setField(table.Field(s.index[1]), s, value); err != nil {
			return err
		}
		clearTwin(table, s, given)
	}
	for name := range given {
		for _, s := range settings() {
			if strings.HasPrefix(name, envPrefix+strings.ToUpper(s.table)+"_") && !slices.Contains(known, name) {
				return usage("the environment sets %s, which is no key: config.example.toml explains every key", name)
			}
		}
	}
	return nil
}

func setField(f reflect.Value, s setting, value string) error {
	if u, ok := f.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if err := u.UnmarshalText([]byte(value)); err != nil {
			return usage("%s in the environment: %s", s.env(), err)
		}
		return nil
	}
	if f.Kind() == reflect.Int {
		n, err := strconv.Atoi(value)
		if err != nil {
			return usage("%s in the environment is %q: write a whole number", s.env(), value)
		}
		f.SetInt(int64(n))
		return nil
	}
	if f.Kind() == reflect.Bool {
		yes, err := strconv.ParseBool(value)
		if err != nil {
			return usage("%s in the environment is %q: write true or false", s.env(), value)
		}
		f.SetBool(yes)
		return nil
	}
	if f.Kind() == reflect.Float64 {
		n, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return usage("%s in the environment is %q: write a number", s.env(), value)
		}
		f.SetFloat(n)
		return nil
	}
	if f.Kind() == reflect.Slice {
		f.Set(reflect.ValueOf(strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' })))
		return nil
	}
	if s.field.Tag.Get("path") != "" && value != "" && !strings.Contains(value, "://") {
		if whole, err := filepath.Abs(value); err == nil {
			value = whole // the environment's paths are the shell's, not the file's
		}
	}
	f.SetString(value)
	return nil
}

// twin is the key that gives the same secret in another way: X_file for X, and X
// for X_file.
func (s setting) twin() string {
	if base, ok := strings.CutSuffix(s.key, "_file"); ok {
		return base
	}
	return s.key + "_file"
}

// overruled are the names in the environment whose keys, or the twins of those,
// src sets too: what src says there does not count.
func overruled(src []byte, environ []string) (names []string) {
	var file map[string]any
	if toml.Unmarshal(src, &file) != nil {
		return nil
	}
	for _, s := range settings() {
		table, _ := file[s.table].(map[string]any)
		_, set := table[s.key]
		_, otherwise := table[s.twin()]
		if (set || otherwise) && slices.ContainsFunc(environ, func(e string) bool { return strings.HasPrefix(e, s.env()+"=") }) {
			names = append(names, s.env())
		}
	}
	return names
}

// clearTwin empties X_file where the environment gave X, and X where it gave
// X_file: what the file said of a secret no longer counts.
func clearTwin(table reflect.Value, s setting, given map[string]string) {
	twin := s.twin()
	if _, both := given[setting{table: s.table, key: twin}.env()]; both {
		return
	}
	for j := range table.NumField() {
		if table.Type().Field(j).Tag.Get("toml") == twin {
			table.Field(j).SetZero()
		}
	}
}
