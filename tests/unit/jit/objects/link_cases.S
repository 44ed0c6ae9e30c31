# One object with every kind of reference the linker knows (tests/unit/jit/link_test.cpp).
  .text
  .globl add_up
add_up:                         # rdi + what five kinds of references answer
  movl $c16, %eax               # R_X86_64_32
  addq %rdi, %rax
  movq $i24, %rcx               # R_X86_64_32S
  addq %rcx, %rax
  movabsq $w32, %rcx            # R_X86_64_64
  addq %rcx, %rax
  addq constant(%rip), %rax     # R_X86_64_PC32 to .rodata
  addl $1, counter(%rip)        # ... to .bss
  movq joist_got@GOTPCREL(%rip), %rcx
  addq %rcx, %rax
  leaq table(%rip), %rdx
  movslq (%rdx), %rcx
  addq %rdx, %rcx
  jmp *%rcx                     # through a jump table
  int3
last:
  ret
  .section .rodata,"a",@progbits
  .p2align 3
constant: .quad 1000
table: .long last - table       # R_X86_64_PC32
  .section .bss,"aw",@nobits
  .p2align 3
  .zero 8
counter: .zero 8
  .section .note.GNU-stack,"",@progbits
