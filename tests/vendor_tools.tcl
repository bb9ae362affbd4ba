# Vivado's and Vitis HLS's commands as far as our scripts use them: each writes itself into a log, one call a line with
# its arguments apart by a unit separator, and returns what the real one would be asked for. Any other command is
# unknown to the interpreter, so a misspelt one stops the script.
#
# Wanted before: `log` (file), `slack` (ns), `board_parts` (those installed), `reports` (a folder; those in it are left
# where the tool would write its own), `script` (to run).

set channel [open $log w]

# These return the object that they name, their last argument.
namespace eval ipx {}
foreach name {
    add_files apply_bd_automation assign_bd_address close_project config_compile config_schedule connect_bd_intf_net
    connect_bd_net create_bd_cell create_bd_design create_clock create_project
    get_bd_addr_segs get_bd_addr_spaces get_bd_cells get_bd_intf_pins get_bd_pins get_files get_runs open_project open_run
    open_solution save_bd_design set_clock_uncertainty set_part set_property
    set_top update_compile_order update_ip_catalog validate_bd_design wait_on_run
    ipx::add_address_block ipx::add_address_space ipx::add_memory_map ipx::check_integrity ipx::create_xgui_files
    ipx::package_project ipx::save_core ipx::update_checksums
} {
    proc $name args { lindex $args end }
}
proc leave_report {name file} {
    set recorded [file join $::reports $name]
    if {$::reports ne "" && [file exists $recorded]} {
        file mkdir [file dirname $file]
        file copy -force $recorded $file
    }
}
proc leave_empty {file} {
    file mkdir [file dirname $file]
    close [open $file w]
}
proc report_timing_summary args { leave_report [file tail [lindex $args end]] [lindex $args end] }
proc report_utilization args { leave_report [file tail [lindex $args end]] [lindex $args end] }
proc csynth_design {} { leave_report csynth.xml [file join [pwd] hls solution1 syn report csynth.xml] }
proc export_design args { leave_empty [lindex $args end] }
proc write_hw_platform args { leave_empty [lindex $args end] }
proc current_fileset {} { return sources_1 }
proc current_project {} { return project }
proc ipx::current_core {} { return core }
proc ipx::get_memory_maps args { return {} }
proc ipx::get_address_spaces args { return {} }
proc ipx::get_bus_interfaces {name args} { return $name }
proc get_board_parts args { lsearch -all -inline -glob $::board_parts [lindex $args end] }
proc get_timing_paths args { return path }
proc make_wrapper args { file join $::build design design.gen sources_1 bd design hdl design_wrapper.v }
proc launch_runs args {
    leave_empty [file join $::build design design.gen/sources_1/bd/design/hw_handoff/design.hwh]
    leave_empty [file join $::build design design.runs/impl_1/design_wrapper.bit]
}
proc get_property {name object} {
    switch $name {
        PROGRESS { return 100% }
        SLACK { return $::slack }
        default { error "no property $name of $object is known" }
    }
}

# Each writes itself down before it is run.
foreach name [concat [info commands ipx::*] {
    add_files apply_bd_automation assign_bd_address close_project config_compile config_schedule connect_bd_intf_net
    connect_bd_net create_bd_cell create_bd_design create_clock create_project csynth_design current_fileset
    current_project export_design get_bd_addr_segs get_bd_addr_spaces get_bd_cells get_bd_intf_pins get_bd_pins
    get_board_parts get_files get_property get_runs get_timing_paths launch_runs make_wrapper open_project open_run
    open_solution report_timing_summary report_utilization save_bd_design set_clock_uncertainty set_part set_property
    set_top update_compile_order update_ip_catalog validate_bd_design wait_on_run write_hw_platform
}] {
    set name [string trimleft $name :]
    trace add execution ::$name enter record
}
proc record {call operation} {
    puts $::channel [join [concat [list [string trimleft [lindex $call 0] :]] [lrange $call 1 end]] \x1f]
}
rename exit leave
proc exit {{code 0}} {
    close $::channel
    leave $code
}

source $script
exit 0
