module marginalia

go 1.26.0
