// Sections of a crash dump that describe what the VM keeps: schedulers, ports, ETS tables, funs, nodes, memory.
#pragma once
#include <string>

namespace joist::runtime {
void crash_dump_schedulers(std::string &out);
void crash_dump_ports(std::string &out);
void crash_dump_ets(std::string &out);
void crash_dump_funs(std::string &out);
void crash_dump_nodes(std::string &out);
void crash_dump_tables(std::string &out); // =hash_table, =index_table, =allocated_areas, =allocator
} // namespace joist::runtime
