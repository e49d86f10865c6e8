/**
 * The meanings of member names: a table to extend. Each row has the word that a sender is told, and names in small
 * letters without separators:
 *
 * - `anywhere`: words so telling that they count even inside a name: `residentPhoneNo`, `联系人电话`;
 * - `words`: short words, which count as a whole word of a name (`carNo`, `room_no`) or as all of it (`ROOMNO`);
 * - `alone`: abbreviations, above all pinyin initials, which count as the whole name. A number or one of `suffixes` may
 *   follow, and one of `subjects` may precede: `xm`, `xm1`, `ryxm`, `hzsfzh`.
 *
 * Members outside the contract are cut in any case. If the name of one is found here, the member is also counted as
 * personal, and its sender is told. So a name with two meanings is listed if the personal one is likelier at a door or a
 * road (`uid`: a card's or a user's number; `kh`: 卡号), and not listed if it mostly describes the device (`hz`, `sn`,
 * `imei`, `ip`) or says nothing (`remark`, `info`, `ext`).
 */
export interface NamesOf {
  readonly says: string
  readonly anywhere?: string
  readonly words?: string
  readonly alone?: string
}

export const personalNames: readonly NamesOf[] = [
  {
    says: 'name',
    anywhere: 'name nick xingming mingzi surname 姓 名 昵称 称呼',
    alone: 'xm xmpy cym',
  },
  {
    says: 'document',
    anywhere:
      'idcard identity identification certificate document passport shenfen zhengjian huzhao jiazhao licence license residencepermit 身份 证 护照 驾照 签证',
    words: 'cert certno certid certtype ssn driverid',
    alone:
      'idno idnum idnumber idcode icno sfz sfzh sfzhm sfzid sfzjh sfzjhm sfzjlx zjh zjhm zjlx gmsfhm gmsfzh sfhm hzhm hzh jsz jszh jzz jzzh gatjmz',
  },
  {
    says: 'card',
    anywhere:
      'cardno cardnum cardid cardserial carduid cardholder credential kahao yikatong 卡号 卡片 银行卡 一卡通 门禁卡',
    words: 'card iccard rfid badge uid uids pwd password passwd passcode pincode',
    alone: 'kh ick ickh mjk mjkh yhkh yhk ykt ykth epc tid csn pin',
  },
  {
    says: 'phone',
    anywhere: 'phone mobile telephone msisdn shouji dianhua lianxi 手机 电话 联系',
    words: 'tel telno telnum contact contacts cell cellno fax whatsapp',
    alone: 'sjh sjhm lxdh lxfs lxr dh dhhm yddh gddh gdhm txhm',
  },
  {
    says: 'plate',
    anywhere: 'plate chepai haopai carnumber carlicen vehicleno vehiclenum 车牌 号牌 车号 车架',
    words: 'carno carnum vin vrn lpr lpn anpr',
    alone: 'cph cphm hphm hphp hpzl clhp clhm cpz cpzh cjh clsbdh',
  },
  {
    says: 'face',
    anywhere:
      'face feature template embedding portrait photo avatar renlian renxiang zhaopian touxiang tezheng 人脸 人像 头像 面部 照片 相片 特征 抓拍 图片',
    words:
      'feat feats vec vector pic pics picture pictures img imgs image images imageurl picurl imgurl base64 jpeg headshot',
    alone: 'rl rlzp rltz rltp rlid rxzp rx zp tx txlj tzz tzm',
  },
  {
    says: 'biometry',
    anywhere:
      'biometric fingerprint palm iris retina voiceprint gait zhiwen zhangwen hongmo jingmai bodytemp 指纹 掌纹 掌静脉 虹膜 声纹 体温',
    words: 'finger fingers vein voice audio',
    alone: 'zw zwtz zwid hmtz',
  },
  {
    says: 'birth',
    anywhere: 'birth chusheng shengri nianling 出生 生日 年龄 岁数',
    words: 'dob yob',
    alone: 'age ages csrq csny csnyr nl',
  },
  {
    says: 'gender',
    anywhere: 'gender sex xingbie 性别',
    alone: 'xb xbdm',
  },
  {
    says: 'origin',
    anywhere:
      'ethnic nationality nation religion marital minzu guoji jiguan huji hukou 民族 国籍 籍贯 户籍 户口 宗教 信仰 婚姻 政治面貌 血型',
    words: 'race blood occupation',
    alone: 'mz mzdm hyzk zzmm whcd hkxz',
  },
  {
    says: 'address',
    anywhere:
      'address homeaddr zhuzhi dizhi fanghao fangjian menpai apartment 住址 地址 住所 房号 房间 室号 门牌 单元号 户号 几栋几室',
    words:
      'addr room rooms roomno roomnum roomid flat flatno suite apt unitno doorplate floorno zipcode postcode',
    alone: 'zz dz jtzz jtdz hjdz hkdz xzz xzzz jzdz txdz fjh fh fwbh mph dyh shh hh lxdz',
  },
  {
    says: 'account',
    anywhere: 'mail wechat weixin alipay openid unionid youxiang 邮箱 邮件 微信 支付宝',
    words: 'qq weibo facebook linkedin',
    alone: 'wx wxh qqh dzyj dzyx',
  },
  {
    says: 'person',
    anywhere:
      'person people userid resident tenant lodger lessee visitor guest driver passenger pedestrian owner household occupant employee student customer citizen renyuan zhuhu zuke zuhu fangke laifang yezhu huzhu chezhu siji jiashi zhigong yuangong gonghao xuehao yonghu 人员 住户 居民 租客 租户 访客 来访 被访 业主 户主 房主 车主 房东 司机 驾驶 乘客 员工 职工 学生 老人 儿童 家属 亲属 成员 用户 账号 帐号 工号 学号 持卡',
    words:
      'user users holder rider renter worker spouse parent child kin relative family patient suspect blacklist whitelist',
    alone: 'ry rybh ryid ryxx rylx yhm yhid yhbh yhxx gh hzid jsy jsr jsyxx czxx fkxx zhxx lfr bfr',
  },
]

/** Words that contain one of `anywhere` by chance, or that describe a thing where others describe a person. */
export const harmlessNames =
  'interface surface facet facing destination combination termination determination coordination origination illumination examination contamination ipaddress macaddress busaddress memoryaddress modbusaddress sdcard simcard tfcard memorycard networkcard cardreader telemetry intercom contactor contactless platform imageformat deviceuid eventuid messageuid msguid requestuid sessionuid bootuid firmwareuid'

/** May follow an abbreviation. */
export const suffixes = 'no num number id code val value info str text md5 hash list data'

/**
 * May precede an abbreviation, and says whose it is: pinyin initials of 人员, 户主, 访客, 租客, 住户, 车主, 用户, 业主, 驾驶人, 被访人, 来访人,
 * 申请人, 联系人, 员工, 学生, 家长.
 */
export const subjects = 'ry hz fk zk zh cz yh yz jsr jsy bfr lfr sqr dsr lxr yg xs jz'

/** Traditional characters of the table, each followed by the simplified one. */
export const traditional =
  '機机電电話话車车證证號号臉脸員员戶户訪访業业駕驾聯联繫系齡龄護护照照簽签銀银門门頭头圖图徵征紋纹聲声靜静脈脉體体歲岁國国貫贯籍籍婚婚間间樓楼單单郵邮寶宝賬账學学親亲屬属職职東东節节乘乘'
