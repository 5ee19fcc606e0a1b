package main

import "html/template"

// sheet draws a scene.
var sheet = template.Must(template.New("scene").Funcs(template.FuncMap{
	"initial": func(name string) string { return string([]rune(name + "?")[:1]) },
}).Parse(`<!doctype html><meta charset="utf-8"><style>
body{margin:0;padding:20px;background:#313338;color:#dbdee1;font:16px/1.375 "Noto Sans","DejaVu Sans",sans-serif}
h2{margin:4px 0 14px;padding-bottom:10px;border-bottom:1px solid #232428;font-size:15px;color:#b5bac1}
section+section{margin-top:22px}
.m{display:flex;gap:14px;margin-bottom:16px}
.a{flex:none;width:40px;height:40px;border-radius:50%;background:#5865f2;color:#fff;display:grid;place-items:center;font-weight:600}
.a.p{background:#7a5c3e}
.n{font-weight:600;color:#f2f3f5}.t{font-size:12px;color:#949ba4;margin-left:6px}
.b{font-size:10px;background:#5865f2;color:#fff;border-radius:3px;padding:1px 4px;margin-left:6px;vertical-align:2px}
.w h1,.w h2,.w h3{font-size:22px;margin:4px 0 8px;padding:0;border:0;color:#f2f3f5}.w p{margin:0 0 8px}.w ul{margin:0 0 8px;padding-left:20px}.w li{margin:2px 0}.w li p{margin:0}
.w blockquote{margin:0 0 8px;padding-left:12px;border-left:4px solid #4e5058}a{color:#00a8fc;text-decoration:none}
.r{display:flex;gap:8px;margin-top:4px}.r span{background:#4e5058;color:#fff;border-radius:4px;padding:6px 14px;font-size:14px;font-weight:500}
.e{font-size:12px;color:#949ba4}
.menu{background:#111214;border-radius:6px;padding:8px;width:220px}.menu div{padding:8px;font-size:14px}
.form{background:#383a40;border-radius:8px;padding:20px;width:440px}.form h3{margin:0 0 16px;color:#f2f3f5;font-size:20px}
.form label{display:block;font-size:13px;font-weight:600;margin-bottom:6px}.form label i{color:#f23f43;font-style:normal}
.field{background:#1e1f22;border-radius:4px;padding:10px;margin-bottom:16px;color:#87898c;font-size:14px}.field.long{height:110px}
.send{background:#5865f2;color:#fff;border-radius:4px;padding:8px 16px;display:inline-block;font-size:14px}
</style>{{range .Parts}}<section><h2>{{.Head}}</h2>
{{range .Messages}}<div class="m"><div class="a{{if not .Bot}} p{{end}}">{{initial .Name}}</div><div>
<div><span class="n">{{.Name}}</span>{{if .Bot}}<span class="b">APP</span>{{end}}<span class="t">{{.At}}</span></div>
<div class="w">{{.Body}}</div>
{{if .Buttons}}<div class="r">{{range .Buttons}}<span>{{.Label}}{{if .URL}} ↗{{end}}</span>{{end}}</div>{{end}}
{{if .Private}}<div class="e">Only you can see this</div>{{end}}</div></div>{{end}}
{{if .Menu}}<div class="menu">{{range .Menu}}<div>{{.}}</div>{{end}}</div>{{end}}
{{with .Form}}<div class="form"><h3>{{.Title}}</h3>{{range .Inputs}}<label>{{.Label}}{{if .Required}} <i>*</i>{{end}}</label>
<div class="field{{if .Long}} long{{end}}">{{.Placeholder}}</div>{{end}}<span class="send">Submit</span></div>{{end}}
</section>{{end}}`))
