/* A file
   with every kind of comment. */
job "comments" { // behind
  # before
  type = "batch" # at the end
  task "t" { /* inside */
    driver = "exec"
    config {
      command = "t" // "not a string"
      args = [
        "a", # first
        /* none */ "b",
      ]
    }
  }
}
