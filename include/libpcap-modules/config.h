/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For capture modules that were written for libpcap, which include the result of its configuration, some of them only
 * with -DHAVE_CONFIG_H: none is needed here. A module that is to know more has a config.h of its own, in a folder that is
 * searched before this one, or is told with -D.
 */
