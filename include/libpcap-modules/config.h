/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For capture modules that were written for libpcap, which include the result of its configuration: none is needed
 * here. A module that is to know more has a config.h of its own, in a folder that is searched before this one.
 */
