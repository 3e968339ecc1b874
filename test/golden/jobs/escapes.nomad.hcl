job "escapes" {
  type = "batch"
  meta {
    quotes   = "a \"quoted\" word"
    newline  = "one\ntwo\ttabbed\r"
    slashes  = "c:\\temp"
    dollar   = "$${kept} $x $$"
    percent  = "%%{kept} 100%"
    verbatim = "${attr.kernel.name}-${node.unique.id}"
  }
  task "t" {
    driver = "exec"
    config {
      command = "t"
    }
  }
}
